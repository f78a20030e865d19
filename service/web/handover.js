/** The ways a shopper hands a picture over: chosen, photographed, pasted, dropped anywhere on the page. */

const INPUTS = ["file", "camera"];

/** Tell `bring` of every file that is handed over. */
export function onPicture(bring) {
  for (const input of INPUTS.map((id) => document.getElementById(id))) {
    input.addEventListener("change", () => {
      if (input.files.length) bring(input.files[0]);
      input.value = ""; // choosing the same file again is a change, too
    });
  }
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (!file) return; // words go into the field
    event.preventDefault();
    bring(file);
  });
  document.addEventListener("dragover", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!carriesFile(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) bring(file);
  });
}

const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
