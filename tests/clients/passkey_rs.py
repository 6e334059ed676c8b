"""A person with a software authenticator: adds a passkey on the account's page, and signs in by that alone in other browsers.

    passkey_rs.py AUTHENTICATOR

AUTHENTICATOR is the program that passkey_rs.rs is built to. Standard library only.
"""

import http.cookiejar
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from person import Forms

ISSUER = os.environ["ISSUER"]


class Browser:
    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ["CA"]))
        self.opener = urllib.request.build_opener(cookies, tls, urllib.request.ProxyHandler({}))

    def open(self, path, fields=None):
        """The page that it ends on, with its address: redirects are followed."""
        body = urllib.parse.urlencode(fields).encode() if fields else None
        headers = {"Accept": "text/html"} | ({"Origin": ISSUER} if body else {})
        request = urllib.request.Request(urllib.parse.urljoin(ISSUER, path), data=body, headers=headers)
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.read().decode()

    def press(self, page, button, fields):
        """Presses a button of a page; the fields say what goes into its form, which they are told."""
        for form in Forms(page[1]).found:
            if button in form["buttons"]:
                return self.open(form["action"], form["fields"] | fields(form["attrs"]))
        sys.exit(f"there is no #{button} on the page ({page[0]}): {page[1]}")


def main(authenticator):
    device = subprocess.Popen([authenticator], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    answers = []

    def credential(form):
        print(ISSUER, form["data-passkey"], form["data-options"], file=device.stdin, flush=True)
        answers.append(device.stdout.readline())
        return {"credential": answers[-1]}

    def wants(page, mark, said):
        if page[0] != 200 or f'id="{mark}"' not in page[1]:
            sys.exit(f"{said} ({page[0]}): {page[1]}")

    here = Browser()
    typed = {"email": os.environ["EMAIL"], "password": os.environ["PASSWORD"]}
    wants(here.press(here.open("/login"), "login-submit", lambda _: typed), "sign-out", "the password does not sign in")
    added = here.press(here.open("/account/passkeys"), "passkey-submit", credential)
    wants(added, "codes", "the passkey is not added")
    for _ in range(2):
        there = Browser()
        wants(there.press(there.open("/login"), "passkey-submit", credential), "sign-out", "the passkey does not sign in")
    # What was answered once is no answer to another question.
    thief = Browser()
    status, page = thief.press(thief.open("/login"), "passkey-submit", lambda _: {"credential": answers[-1]})
    if status != 400 or 'id="sign-out"' in page:
        sys.exit(f"an answer is taken twice ({status}): {page}")
    device.stdin.close()


main(*sys.argv[1:])
