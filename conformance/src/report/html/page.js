"use strict";
const filter = document.querySelector(".filter");
filter.hidden = false;
filter.addEventListener("change", () => {
  for (const box of filter.querySelectorAll("input")) {
    for (const check of document.querySelectorAll(".check." + box.value)) check.hidden = !box.checked;
  }
});
for (const button of document.querySelectorAll(".copied button")) {
  button.hidden = false;
  const text = button.previousElementSibling;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "selected";
    }
  });
}
