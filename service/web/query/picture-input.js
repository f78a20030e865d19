/** Ways to give a picture: choose a file, take a photo, paste, or drop it anywhere on the page. */

const INPUTS = ["file", "camera"];

/** Call `onFile` with every file. */
export function onPicture(onFile) {
  for (const input of INPUTS.map((id) => document.getElementById(id))) {
    input.addEventListener("change", () => {
      if (input.files.length) onFile(input.files[0]);
      input.value = ""; // so that choosing the same file again fires an event
    });
  }
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (!file) return; // pasted text
    event.preventDefault();
    onFile(file);
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
    if (file) onFile(file);
  });
}

const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
