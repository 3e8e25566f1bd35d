/** One metric in the text form that Prometheus reads. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * Writes metrics in the Prometheus text format.
 *
 * Shape:  a metric without samples is left out; a value that is no number is left out.
 * Source: Prometheus exposition format 0.0.4 (documented): backslash, quote and line feed are escaped in label values.
 */
export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const metric of metrics) {
    const samples = metric.samples.filter((sample) => Number.isFinite(sample.value));
    if (samples.length === 0) continue;
    lines.push(
      `# HELP ${metric.name} ${metric.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${metric.name} ${metric.type}`,
    );
    for (const { labels, value } of samples) lines.push(`${metric.name}${labelsText(labels ?? {})} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
