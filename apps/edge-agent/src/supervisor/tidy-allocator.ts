/**
 * What glibc's allocator is told, by environment: it reads these once, before a program's first line.
 *
 * It raises by itself the size from which a block is mapped for itself, and is given back when it is freed, to the largest such
 * block it has seen freed. After one long LDAP answer all buffers come from one heap, where those that stay hold on to those
 * that were let go. Fixed at where it begins, and with two heaps in place of eight a core, an agent that had read 500,000 people
 * had 632 MB resident in place of 715.
 * Source: mallopt(3), M_MMAP_THRESHOLD and M_ARENA_MAX (documented).
 */
const SETTINGS: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
  MALLOC_ARENA_MAX: "2",
};

export interface AllocatorHost {
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Puts the same program in place of this process, under its number; absent where the system has no such call. */
  readonly restart?: ((environment: Readonly<Record<string, string | undefined>>) => void) | undefined;
}

/**
 * Begins the program anew, as the same process, with the allocator told; does nothing where it is told already, where somebody
 * has told it something else, or on a system that has another allocator. Call first: what was begun before is lost.
 */
export function restartWithTidyAllocator(host: AllocatorHost): void {
  const { platform, environment, restart } = host;
  if (platform !== "linux" || restart === undefined) return;
  if (Object.keys(SETTINGS).some((name) => environment[name] !== undefined)) return;
  restart({ ...environment, ...SETTINGS });
}
