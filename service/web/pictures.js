/** The shopper's own pictures: resized before they are sent, and kept until the tab is closed. */

import { Problem } from "./api.js";

const MAX_SIDE = 1024; // px; more than any model uses
const MAX_FILE_BYTES = 1_500_000; // bytes sent without resizing
// HEIC and TIFF, as their first bytes: the service reads them, most browsers do not.
const FOREIGN = /^(....ftyp(hei|hev|mif|msf)|II\*\0|MM\0\*)/s;
const kept = new Map();

/**
 * Read a picture file, resize it if it is large, and keep it. A file that only the service can read is kept as it is.
 *
 * @param {File} file
 * @returns {Promise<string>} the id under which `picture` finds it
 * @throws {Problem} if neither the browser nor the service can read the file as a picture
 */
export async function keepPicture(file) {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap && !(await isForeign(file))) {
    throw new Problem({
      title: "This file is not a picture we can read",
      detail: `“${file.name}” could not be opened.`,
      hint: "Choose a JPEG, PNG, WebP or HEIC picture.",
      status: 422,
    });
  }
  const large = bitmap && (Math.max(bitmap.width, bitmap.height) > MAX_SIDE || file.size > MAX_FILE_BYTES);
  const url = large ? shrunk(bitmap) : await dataUrl(file);
  bitmap?.close();
  const id = Date.now().toString(36);
  kept.set(id, url);
  store(`picture ${id}`, url);
  return id;
}

/** Store a picture, so that it survives a reload. The oldest ones make room for it. */
function store(name, url) {
  try {
    const stored = Object.keys(sessionStorage).filter((key) => key.startsWith("picture ")).sort(); // ids are times
    while (!fits(name, url) && stored.length) sessionStorage.removeItem(stored.shift());
  } catch {
    // Storage is disabled: the picture will not survive a reload.
  }
}

function fits(name, url) {
  try {
    sessionStorage.setItem(name, url);
    return true;
  } catch {
    return false;
  }
}

/** The data URL of a kept picture, or undefined if this tab does not have it. */
export function picture(id) {
  try {
    return kept.get(id) ?? sessionStorage.getItem(`picture ${id}`) ?? undefined;
  } catch {
    return undefined;
  }
}

async function isForeign(file) {
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  return FOREIGN.test(String.fromCharCode(...head));
}

function shrunk(bitmap) {
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.fillStyle = "#fff"; // JPEG has no transparency
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.9);
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    // Browsers do not know the type of every file. The service reads it from the bytes, but takes pictures only.
    const named = file.type.startsWith("image/") ? file : new Blob([file], { type: "image/unknown" });
    reader.readAsDataURL(named);
  });
}
