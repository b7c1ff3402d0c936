// Suggestions below the search field, as a combobox whose list is only offered: Enter searches for what is typed.
// See https://www.w3.org/WAI/ARIA/apg/patterns/combobox/. Without this script the form is a plain one.
const form = document.querySelector("form.search");
const field = form.querySelector("input");
const list = form.querySelector("ul");
const said = form.querySelector("[role=status]");
let timer, asked, chosen;

const choose = (option) => {
  chosen?.setAttribute("aria-selected", "false");
  chosen = option;
  chosen?.setAttribute("aria-selected", "true");
  chosen?.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", chosen?.id ?? "");
};
const show = (isOpen) => {
  choose(null);
  list.hidden = !isOpen;
  field.setAttribute("aria-expanded", isOpen);
};
const close = () => {
  clearTimeout(timer);
  asked?.abort();
  show(false);
};
const ask = async () => {
  asked = new AbortController();
  try {
    const query = new URLSearchParams({ q: field.value.trim() });
    const answer = await fetch(`${form.dataset.suggestions}?${query}`, { signal: asked.signal });
    if (!answer.ok) return;
    list.innerHTML = await answer.text();
    const count = list.children.length;
    show(count > 0);
    said.textContent = count ? `${count} suggestion${count > 1 ? "s" : ""}, arrow keys choose` : "No suggestions";
  } catch {
    // A newer question, or no line: then there is no suggestion.
  }
};

field.setAttribute("role", "combobox");
field.setAttribute("aria-autocomplete", "list");
field.setAttribute("aria-controls", list.id);
show(false);
field.addEventListener("input", () => {
  close();
  if (field.value.trim().length > 1) timer = setTimeout(ask, 200);
});
field.addEventListener("keydown", (event) => {
  if (list.hidden) return;
  const { key } = event;
  if (key === "ArrowDown") choose(chosen?.nextElementSibling ?? (chosen ? null : list.firstElementChild));
  else if (key === "ArrowUp") choose(chosen ? chosen.previousElementSibling : list.lastElementChild);
  else if (key === "Escape") close();
  else if (key === "Enter" && chosen) location.assign(chosen.dataset.address);
  else return;
  event.preventDefault();
});
field.addEventListener("blur", close);
// Before the field loses its focus, and with it the list.
list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("click", (event) => location.assign(event.target.closest("[role=option]").dataset.address));
