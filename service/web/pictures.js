/** The shopper's own pictures: resized before they are sent, and kept until the tab is closed. */

import { Problem } from "./api.js";

const LONGEST_SIDE = 1024; // px; more than any model uses
const HEAVIEST = 1_500_000; // bytes sent without resizing
const kept = new Map();

/**
 * Read a picture file, resize it if it is large, and keep it.
 *
 * @param {File} file
 * @returns {Promise<string>} the id under which `picture` finds it
 * @throws {Problem} if the browser cannot read the file as a picture
 */
export async function keepPicture(file) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Problem({
      title: "This file is not a picture we can read",
      detail: `“${file.name}” could not be opened.`,
      hint: "Choose a JPEG, PNG or WebP picture.",
      status: 422,
    });
  });
  const small = Math.max(bitmap.width, bitmap.height) <= LONGEST_SIDE && file.size <= HEAVIEST;
  const url = small ? await dataUrl(file) : shrunk(bitmap);
  bitmap.close();
  const id = Date.now().toString(36);
  kept.set(id, url);
  try {
    sessionStorage.setItem(`picture ${id}`, url);
  } catch {
    // Storage is full or disabled: the picture will not survive a reload.
  }
  return id;
}

/** The data URL of a kept picture, or undefined if this tab does not have it. */
export function picture(id) {
  try {
    return kept.get(id) ?? sessionStorage.getItem(`picture ${id}`) ?? undefined;
  } catch {
    return undefined;
  }
}

function shrunk(bitmap) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
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
    reader.readAsDataURL(file);
  });
}
