"""The person in front of a browser: opens an address, signs in and agrees where asked, and prints where it ends.

    person.py ADDRESS COOKIES

ADDRESS is opened with the cookies of the file COOKIES, which keeps them for the next visit. What is printed is the address outside of
the server that the browser is sent to; a visit that ends on a page of ours is an error and prints the page. With APP in the environment,
the origin of an application that runs here, its addresses are followed too, and what is printed is its page. Standard library only.
"""

import html.parser
import http.client
import http.cookiejar
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """The forms of a page: action, attributes, inputs by name with their values, and buttons by id."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.found.append({"action": attrs.get("action", ""), "attrs": attrs, "fields": {}, "buttons": {}})
        elif tag == "input" and self.found and "name" in attrs:
            self.found[-1]["fields"][attrs["name"]] = attrs.get("value", "")
        elif tag == "button" and self.found:
            self.found[-1]["buttons"][attrs.get("id")] = attrs


class Stop(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def main(address, file):
    issuer, app = os.environ["ISSUER"], os.environ.get("APP")
    cookies = http.cookiejar.LWPCookieJar(file)
    if os.path.exists(file):
        cookies.load(ignore_discard=True)
    handlers = [Stop, urllib.request.HTTPCookieProcessor(cookies), urllib.request.ProxyHandler({})]
    handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ["CA"])))
    opener = urllib.request.build_opener(*handlers)
    body = None
    for _ in range(12):
        headers = {"Accept": "text/html, */*;q=0.8"} | ({"Origin": issuer} if body else {})
        request = urllib.request.Request(address, data=body, headers=headers)
        try:
            answer = opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        cookies.save(ignore_discard=True)
        if 300 <= answer.status < 400:
            address, body = urllib.parse.urljoin(address, answer.headers["Location"]), None
            if not address.startswith((issuer + "/", f"{app}/")):
                return print(address)
            continue
        text = answer.read().decode()
        if app and address.startswith(app + "/") and answer.status == 200:
            return print(text)
        form, pressed = next_form(text) if answer.status == 200 else (None, None)
        if form is None:
            sys.exit(f"the visit ended on a page ({answer.status}): {text}")
        fields = dict(form["fields"])
        if "password" in fields:
            fields |= {"email": os.environ["EMAIL"], "password": os.environ["PASSWORD"]}
        if "name" in pressed:
            fields[pressed["name"]] = pressed.get("value", "")
        address = urllib.parse.urljoin(address, form["action"])
        body = urllib.parse.urlencode(fields).encode()
    sys.exit("the visit does not end")


def next_form(text):
    for form in Forms(text).found:
        for button in ("login-submit", "allow", "confirm"):
            if button in form["buttons"]:
                return form, form["buttons"][button]
    return None, None


if __name__ == "__main__":
    main(*sys.argv[1:])
