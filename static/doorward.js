const words = document.currentScript.dataset;

// Adds to each password field a button that shows what is typed. Pages do without it.
for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? words.hide : words.show;
    button.setAttribute("aria-label", shown ? words.hidePassword : words.showPassword);
  };
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => show(field.type === "password"));
  // What is sent is a password again: browsers remember the text of other fields.
  field.form.addEventListener("submit", () => show(false));
  show(false);
  field.after(button);
}

// Whoever corrects what is there goes on at its end.
for (const field of document.querySelectorAll("[autofocus]")) {
  const text = field.value;
  field.value = "";
  field.value = text;
}

// A moment that matters to the minute is told in the time and the words of whoever reads it; its title has it as it came.
for (const time of document.querySelectorAll("time:not([title])")) {
  time.title = time.textContent;
  const to = { dateStyle: "long", timeStyle: "short" };
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, to);
}

// A form is sent once: its page's buttons rest until an answer has come, or for ten seconds when none does.
let sent = false;
const rest = (resting) => {
  sent = resting;
  for (const button of document.querySelectorAll("[type=submit]")) button.disabled = resting;
};
document.addEventListener("submit", (event) => {
  if (sent) return event.preventDefault();
  sent = true;
  // Not at once: what a disabled button says is not sent.
  setTimeout(rest, 0, true);
  setTimeout(rest, 10000, false);
});
// By the back button the page may come as it was left.
addEventListener("pageshow", () => rest(false));
