// Pictures open larger on the page itself, and small ones bring theirs into view. Without this both are plain links.
addEventListener("click", (event) => {
  const zoom = event.target.closest("[data-zoom]"), thumb = event.target.closest(".thumbs a");
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (thumb) {
    event.preventDefault();
    const shown = document.querySelector(thumb.hash);
    shown.parentNode.scrollTo({ left: shown.offsetLeft - shown.parentNode.offsetLeft });
  } else if (zoom) {
    event.preventDefault();
    enlarge(zoom);
  }
});

function enlarge(link) {
  const dialog = document.createElement("dialog"), close = document.createElement("button"), picture = new Image();
  dialog.className = "zoomed";
  picture.src = link.href;
  picture.alt = link.querySelector("img").alt;
  dialog.setAttribute("aria-label", picture.alt);
  close.className = "button line";
  close.textContent = "Close";
  dialog.append(close, picture);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.scrollTo((dialog.scrollWidth - dialog.clientWidth) / 2, (dialog.scrollHeight - dialog.clientHeight) / 2);
}
