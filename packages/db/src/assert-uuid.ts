const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Guards the settings that row-level security reads: only a UUID may become one. */
export function assertUuid(value: string, what: string): void {
  if (!UUID.test(value))
    throw new TypeError(`${what} must be a UUID, not ${JSON.stringify(value.slice(0, 60))}`);
}
