/** Hands a text to the browser as a file. */
export function downloadText(fileName: string, text: string, type = "application/json"): void {
  download(fileName, new Blob([text], { type }));
}

export function downloadBytes(fileName: string, bytes: Uint8Array<ArrayBuffer>, type: string): void {
  download(fileName, new Blob([bytes], { type }));
}

function download(fileName: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser needs the address until it has begun to read.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
