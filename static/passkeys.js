// Passkeys and security keys: the browser is asked for one, and its answer goes with the form.
let waiting;
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const [failed, there] = ["[data-failed]", "[data-there]"].map((words) => form.querySelector(words));
  const creates = form.dataset.passkey === "create";
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const options = JSON.parse(form.dataset.options);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const known of [...(options.allowCredentials ?? []), ...(options.excludeCredentials ?? [])]) known.id = bytes(known.id);

  const plain = ({ id, rawId, type, response }, results) => ({
    id,
    rawId: text(rawId),
    type,
    clientExtensionResults: results,
    response: {
      clientDataJSON: text(response.clientDataJSON),
      ...(creates
        ? { attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] }
        : {
            authenticatorData: text(response.authenticatorData),
            signature: text(response.signature),
            userHandle: response.userHandle && text(response.userHandle),
          }),
    },
  });

  const ask = async (mediation) => {
    // Of two questions at once browsers refuse the second.
    waiting?.abort();
    waiting = new AbortController();
    const question = { publicKey: options, signal: waiting.signal, ...mediation };
    const shown = await (creates ? navigator.credentials.create(question) : navigator.credentials.get(question));
    form.elements.credential.value = JSON.stringify(plain(shown, shown.getClientExtensionResults()));
    form.requestSubmit();
  };

  // Passkeys among what the browser suggests in the field of the address, unless the button was pressed meanwhile.
  const suggest = async () => {
    if (creates || !document.querySelector("[autocomplete~=webauthn]")) return;
    waiting?.abort();
    waiting = undefined;
    const can = await PublicKeyCredential.isConditionalMediationAvailable?.();
    if (can && !waiting) await ask({ mediation: "conditional" });
  };
  const suggests = () => suggest().catch(() => {});

  if (!window.PublicKeyCredential) {
    for (const part of form.querySelectorAll("button, .field")) part.remove();
    form.querySelector("[data-without]").hidden = false;
    continue;
  }
  form.addEventListener("submit", (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    // It is not sent yet, so no button rests.
    event.stopPropagation();
    failed.hidden = there.hidden = true;
    ask().catch((error) => {
      // Another question has taken its place.
      if (error.name === "AbortError") return;
      // The device has one of those that there are not to be two of.
      (error.name === "InvalidStateError" ? there : failed).hidden = false;
      suggests();
    });
  });
  // By the back button the page comes as it was left, and an answer counts once.
  addEventListener("pageshow", (event) => {
    form.elements.credential.value = "";
    if (event.persisted) suggests();
  });
  suggests();
}
// Whether this device can have one itself: then one is worth offering to whoever types a password.
const can = document.querySelector("input[name=can_passkey]");
if (can) window.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable?.().then((it) => (can.value = it ? "yes" : ""), () => {});
