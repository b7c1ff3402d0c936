// A scanner types a SKU and then Enter. What stands in the form is counted here; for any other SKU the form is sent, and
// the server says whether it is one of ours. Without this file every SKU is sent.
const scan = document.querySelector("[data-scan]");
const said = document.querySelector("[data-said]");
const counted = document.querySelector("[name=counted]");

function fieldOf(sku) {
  const fields = [...document.querySelectorAll("[data-sku]")];
  return (
    fields.find((field) => field.dataset.sku === sku) ??
    fields.find((field) => field.dataset.sku.toLowerCase() === sku.toLowerCase())
  );
}

function startAtZero() {
  if (counted.value) return;
  counted.value = "1";
  for (const field of document.querySelectorAll("[name^=units_]")) field.value = 0;
}

scan?.addEventListener("keydown", (event) => {
  const sku = scan.value.trim();
  const field = sku && fieldOf(sku);
  if (event.key !== "Enter" || (sku && !field)) return;
  event.preventDefault();
  if (!field) return;
  startAtZero();
  field.value = Number(field.value) + 1;
  document.querySelector("[data-refused]")?.remove();
  said.textContent = `Last scanned: ${field.dataset.sku}, now ${field.value}`;
  scan.value = "";
});
