/** Pictures that the shopper brings: made small before they travel, and kept for as long as the tab lives. */

import { Problem } from "./shop.js";

const LONGEST_SIDE = 1024; // px; models look at far less
const HEAVIEST = 1_500_000; // bytes that are sent as they are
const kept = new Map();

/**
 * Read a picture file, shrink it if it is large, and keep it.
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
    // A full or forbidden storage only means that the picture does not outlive a reload.
  }
  return id;
}

/** The data URL of a kept picture, or undefined if this tab never had it. */
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
  brush.fillStyle = "#fff"; // JPEG knows no transparency
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
