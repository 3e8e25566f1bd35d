import type { DirectoryConfig } from "@rollcall/agent-protocol";
import { createDirectoryReader, type DirectoryReader, PrincipalBook } from "@rollcall/collectors/directory";
import type { LoginPort } from "@rollcall/collectors/login-port";
import type { GroupFilter } from "@rollcall/directory-graph";
import type {
  AccountSigns,
  MarkRules,
  PrincipalFacts,
  PrincipalName,
  SuppressionContext,
} from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { DirectoryBook } from "../pipeline/facts-index.ts";

/**
 * The directories that are read together. They share one book, so that a name or a group that two domains have is
 * told apart; when the set of directories changes another begins, and everybody is told of anew.
 */
export interface DirectorySet {
  /** What its directories say of everybody. */
  readonly book: DirectoryBook;
  /** Whether a directory has told of everybody once; also true of one that is not read. */
  isTold(directoryId: string): boolean;
  read(config: DirectoryConfig, login: LoginPort): DirectoryReader;
  setGroupFilter(filter: GroupFilter): void;
  /** Other computers are shared hosts now. */
  setHostMarks(marks: MarkRules): void;
  /** Reads at once: the login of one of them may be another now. */
  refresh(): void;
  contextOf(facts: PrincipalFacts): SuppressionContext;
  accountOf(facts: PrincipalFacts): AccountSigns | null;
  groupsOf(facts: PrincipalFacts): readonly string[];
  /** Whether a computer of that name is a domain controller. */
  isController(name: string): boolean;
  /** What a directory calls an account, by its SID. */
  principalOf(sid: string): PrincipalName | null;
  /** Somebody of one of them logged on: he is read again soon. */
  noteLogon(facts: PrincipalFacts): void;
}

export function createDirectorySet(options: {
  readonly now: () => number;
  readonly log: Logger;
  readonly groupFilter: GroupFilter;
  readonly marks: MarkRules;
}): DirectorySet {
  const book = new PrincipalBook(options.groupFilter);
  book.setHostMarks(options.marks.hostMarkIdOf);
  const readers: DirectoryReader[] = [];
  return {
    book,
    isTold: (directoryId) => readers.find(({ id }) => id === directoryId)?.isTold ?? true,
    read(config, login) {
      const { bindPassword: _password, bindUser: _user, credentialId: _credential, ...rest } = config;
      const reader = createDirectoryReader({
        config: rest,
        login,
        now: options.now,
        log: options.log,
        book,
      });
      readers.push(reader);
      return reader;
    },
    setGroupFilter(filter) {
      book.setGroupFilter(filter);
      for (const reader of readers) reader.refresh();
    },
    setHostMarks(marks) {
      book.setHostMarks(marks.hostMarkIdOf);
      for (const reader of readers) reader.refresh();
    },
    refresh() {
      for (const reader of readers) reader.refresh();
    },
    noteLogon({ key, directoryId }) {
      readers.find(({ id }) => id === directoryId)?.noteLogon(key);
    },
    contextOf(facts) {
      const dn = book.dnOf(facts.key);
      return dn === null ? {} : { dn };
    },
    accountOf: ({ key }) => book.accountOf(key),
    groupsOf: ({ key }) => book.groupsOf(key),
    isController: (name) => book.isController(name),
    principalOf: (sid) => book.nameOf(sid),
  };
}

/** A book as far as it speaks of the directories that `isWanted` lets through when it is asked. */
export function partOfBook(book: DirectoryBook, isWanted: (directoryId: string) => boolean): DirectoryBook {
  return {
    size: book.size,
    factsOf(key) {
      const facts = book.factsOf(key);
      return facts !== null && isWanted(facts.directoryId) ? facts : null;
    },
    claiming: (tokens) => book.claiming(tokens).filter(({ directoryId }) => isWanted(directoryId)),
  };
}
