// Adds to each password field a button that shows what is typed. Pages do without it.
for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", shown ? "Hide password" : "Show password");
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
