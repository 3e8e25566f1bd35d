/**
 * Sorted distinct numbers as bytes: each by its distance from the one before, seven bits a byte, the lowest first.
 *
 * Shape: numbers from 0 up to 2^31 - 1; a distance below 128 takes one byte, below 16,384 two.
 */

/** The bytes one step takes. */
export function stepBytes(step: number): number {
  return step < 0x80 ? 1 : step < 0x4000 ? 2 : step < 0x20_0000 ? 3 : step < 0x1000_0000 ? 4 : 5;
}

/** Writes one step; gives where the next one goes. */
export function writeStep(step: number, into: Uint8Array, from: number): number {
  let at = from;
  let left = step;
  while (left >= 0x80) {
    into[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  into[at++] = left;
  return at;
}

/** The bytes that `sorted` takes. */
export function deltaBytes(sorted: Int32Array): number {
  let bytes = 0;
  let before = 0;
  for (let at = 0; at < sorted.length; at += 1) {
    const value = sorted[at] ?? 0;
    bytes += stepBytes(value - before);
    before = value;
  }
  return bytes;
}

export function writeDeltas(sorted: Int32Array, into: Uint8Array, from: number): number {
  let to = from;
  let before = 0;
  for (let at = 0; at < sorted.length; at += 1) {
    const value = sorted[at] ?? 0;
    to = writeStep(value - before, into, to);
    before = value;
  }
  return to;
}

/** How many numbers stand between `from` and `end`. */
export function countDeltas(bytes: Uint8Array, from: number, end: number): number {
  let count = 0;
  for (let at = from; at < end; at += 1) if ((bytes[at] ?? 0) < 0x80) count += 1;
  return count;
}

/** Reads what stands between `from` and `end`. */
export function readDeltas(bytes: Uint8Array, from: number, end: number): Int32Array {
  const numbers = new Int32Array(countDeltas(bytes, from, end));
  readDeltasInto(numbers, bytes, from, end);
  return numbers;
}

/** The same, into an array with room for it; gives how many there are. */
export function readDeltasInto(numbers: Int32Array, bytes: Uint8Array, from: number, end: number): number {
  let count = 0;
  let value = 0;
  for (let at = from; at < end; ) {
    let byte = bytes[at++] ?? 0;
    let step = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++] ?? 0;
      step |= (byte & 0x7f) << shift;
    }
    value += step;
    numbers[count++] = value;
  }
  return count;
}

/** The same as `readDeltas`, each number as what `meanings` has at that place: for a few at a time, very often. */
export function readMeanings(bytes: Uint8Array, from: number, end: number, meanings: Int32Array): number[] {
  const read: number[] = [];
  let value = 0;
  for (let at = from; at < end; ) {
    let byte = bytes[at++] ?? 0;
    let step = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++] ?? 0;
      step |= (byte & 0x7f) << shift;
    }
    value += step;
    read.push(meanings[value] ?? 0);
  }
  return read;
}
