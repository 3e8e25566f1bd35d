export { checkInput, DOMAINS_ADVISED } from "./check-input.ts";
export {
  BLOCK_IDS,
  type BlockId,
  cloudCaProfile,
  DEFAULT_BLOCKS,
  type JunosBlock,
  type JunosFilter,
  type JunosInput,
  type JunosOptions,
  type JunosPath,
  type JunosPolicy,
  type JunosProblem,
  type JunosResult,
  type JunosServer,
  type JunosView,
} from "./junos-input.ts";
export { copiedLines, generateJunos } from "./junos-lines.ts";
export { type PushLinesInput, type PushLinesResult, pushLines } from "./push-lines.ts";
export { caProfiles, MASKED_SECRET } from "./statements.ts";
