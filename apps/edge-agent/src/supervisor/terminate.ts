/** Aborted by the first SIGINT or SIGTERM; a second one ends the process at once, as an impatient person expects. */
export function signalOnTerminate(): AbortSignal {
  const terminate = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (terminate.signal.aborted) process.exit(130);
      terminate.abort(new Error(name));
    });
  }
  return terminate.signal;
}
