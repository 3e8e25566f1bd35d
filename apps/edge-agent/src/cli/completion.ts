import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

interface Node {
  /** "" for the program itself, else the words up to the command: "config validate". */
  readonly path: string;
  readonly description: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly { readonly long: string; readonly description: string }[];
}

/** A script that teaches a shell the commands and options, made from the program itself. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = walk(program, "");
  switch (shell) {
    case "bash":
      return bash(nodes);
    case "zsh":
      return zsh(nodes);
    case "fish":
      return fish(nodes);
  }
}

function walk(command: Command, path: string): Node[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== "help");
  const own: Node = {
    path,
    description: command.description(),
    commands: visible.map((child) => ({ name: child.name(), description: child.description() })),
    options: command.options.flatMap((option) =>
      typeof option.long === "string" ? [{ long: option.long, description: option.description }] : [],
    ),
  };
  return [
    own,
    ...visible.flatMap((child) => walk(child, path === "" ? child.name() : `${path} ${child.name()}`)),
  ];
}

function wordsOf(node: Node, root: Node): string[] {
  const options = node === root ? node.options : [...node.options, ...root.options];
  return [...node.commands.map((one) => one.name), ...options.map((one) => one.long), "--help"];
}

function bash(nodes: readonly Node[]): string {
  const root = nodes[0];
  if (root === undefined) return "";
  const cases = nodes.map((node) => `    "${node.path}") words="${wordsOf(node, root).join(" ")}" ;;`);
  const known = nodes.map((node) => node.path).filter((path) => path !== "");
  return `# bash completion for rollcall-agent: source it, or put it into /etc/bash_completion.d
_rollcall_agent() {
  local word path="" next words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in ${known.map((path) => `"${path}"`).join("|")}) path="$next" ;; esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _rollcall_agent rollcall-agent
`;
}

function zsh(nodes: readonly Node[]): string {
  const root = nodes[0];
  if (root === undefined) return "";
  const quote = (text: string): string => text.replaceAll("'", "").replaceAll(":", "\\:");
  const cases = nodes.map((node) => {
    const options = node === root ? node.options : [...node.options, ...root.options];
    const items = [
      ...node.commands.map((one) => `'${one.name}:${quote(one.description)}'`),
      ...options.map((one) => `'${one.long}:${quote(one.description)}'`),
    ];
    return `    "${node.path}") items=(${items.join(" ")}) ;;`;
  });
  const known = nodes.map((node) => node.path).filter((path) => path !== "");
  return `#compdef rollcall-agent
_rollcall_agent() {
  local word where="" next
  local -a items
  for word in \${words[2,CURRENT-1]}; do
    next="\${where:+$where }$word"
    case "$next" in (${known.map((path) => `"${path}"`).join("|")}) where="$next" ;; esac
  done
  case "$where" in
${cases.join("\n")}
  esac
  _describe 'rollcall-agent' items || _files
}
compdef _rollcall_agent rollcall-agent
`;
}

function fish(nodes: readonly Node[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "")}'`;
  const lines = ["# fish completion for rollcall-agent", "complete -c rollcall-agent -f"];
  for (const node of nodes) {
    const words = node.path.split(" ").filter((word) => word !== "");
    const condition =
      words.length === 0
        ? "__fish_use_subcommand"
        : words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    for (const child of node.commands)
      lines.push(
        `complete -c rollcall-agent -n ${quote(condition)} -a ${child.name} -d ${quote(child.description)}`,
      );
    for (const option of node.options)
      lines.push(
        `complete -c rollcall-agent -n ${quote(words.length === 0 ? "true" : condition)} -l ${option.long.replace(/^--/, "")} -d ${quote(option.description)}`,
      );
  }
  return `${lines.join("\n")}\n`;
}
