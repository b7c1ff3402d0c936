// While the button is held down the page stays as it is: a longer answer would push the button away from the pointer,
// and the click would be lost. What came meanwhile is asked for again.
let isHeld = false, hasMissed = false;

addEventListener("pointerdown", (event) => {
  isHeld = event.button === 0 && Boolean(event.target.closest("#choose [formaction]"));
});
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(release));

addEventListener("htmx:beforeSwap", (event) => {
  if (!isHeld || event.detail.target.id !== "offer") return;
  event.detail.shouldSwap = false;
  hasMissed = true;
});

// The field itself is never swapped: she may be typing in it.
addEventListener("htmx:afterSettle", () => {
  const quantity = document.getElementById("quantity");
  quantity?.setAttribute("aria-invalid", String(Boolean(document.getElementById("offer-error")?.textContent)));
});

function release() {
  isHeld = false;
  if (hasMissed) document.querySelector("#choose [name=variant]").dispatchEvent(new Event("change", { bubbles: true }));
  hasMissed = false;
}
