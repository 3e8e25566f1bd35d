/**
 * Which nodes share a name, without regard to case. Nearly every name has one owner, so one owner is a number
 * and only several are an array.
 */
export class NameIndex {
  readonly #owners = new Map<string, number | number[]>();

  add(name: string, id: number): void {
    const key = name.toLowerCase();
    const owners = this.#owners.get(key);
    if (owners === undefined) this.#owners.set(key, id);
    else if (typeof owners === "number") {
      if (owners !== id) this.#owners.set(key, [owners, id]);
    } else if (!owners.includes(id)) owners.push(id);
  }

  remove(name: string, id: number): void {
    const key = name.toLowerCase();
    const owners = this.#owners.get(key);
    if (owners === id) this.#owners.delete(key);
    if (!Array.isArray(owners)) return;
    const left = owners.filter((owner) => owner !== id);
    const [only] = left;
    if (left.length === 1 && only !== undefined) this.#owners.set(key, only);
    else this.#owners.set(key, left);
  }

  ownersOf(name: string): readonly number[] {
    const owners = this.#owners.get(name.toLowerCase());
    if (owners === undefined) return [];
    return typeof owners === "number" ? [owners] : owners;
  }
}
