import { createHash } from "node:crypto";
import type { PrismaClient } from "./generated/prisma/client.ts";

export interface Person {
  readonly id: string;
  readonly practiceId: string;
  readonly email: string;
  readonly name: string;
  readonly timeZone: string;
  readonly disabledAt: Date | null;
}

export interface PersonWithPassword extends Person {
  /** argon2id, or null where the person has none. */
  readonly passwordHash: string | null;
}

/** A role over one customer, or with `customerId` null over all of the practice. */
export interface Grant {
  readonly role: string;
  readonly customerId: string | null;
}

export interface LiveSignIn {
  readonly id: string;
  readonly expiresAt: Date;
  readonly lastSeenAt: Date;
  readonly person: Person;
  readonly grants: readonly Grant[];
}

export interface ListedSignIn {
  readonly id: string;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
}

export interface NewSignIn {
  readonly userId: string;
  /** As the browser holds it. Only its SHA-256 reaches the table. */
  readonly token: string;
  readonly expiresAt: Date;
  readonly sourceIp?: string | null;
  readonly userAgent?: string | null;
}

/**
 * Who may sign in, and who is signed in. Not tenant-owned: it is asked before anything is known of a tenant.
 *
 * Shape: e-mail addresses are compared and kept in lower case. Times are instants of our clock.
 */
export interface SignInStore {
  findPractice(slug: string): Promise<{ id: string; slug: string; name: string } | null>;
  practiceOf(userId: string): Promise<{ id: string; slug: string; name: string } | null>;
  createPractice(practice: {
    slug: string;
    name: string;
  }): Promise<{ id: string; slug: string; name: string }>;
  findByEmail(email: string): Promise<PersonWithPassword | null>;
  findById(userId: string): Promise<Person | null>;
  listPeople(practiceId: string): Promise<(Person & { grants: readonly Grant[] })[]>;
  createPerson(person: {
    practiceId: string;
    email: string;
    name: string;
    passwordHash: string | null;
    timeZone?: string;
  }): Promise<Person>;
  setPassword(userId: string, passwordHash: string): Promise<void>;
  /** Ends all sign-ins of the person in the same transaction. */
  disablePerson(userId: string): Promise<void>;
  grant(grant: {
    practiceId: string;
    userId: string;
    role: string;
    customerId: string | null;
  }): Promise<void>;
  grantsOf(userId: string): Promise<Grant[]>;
  createSignIn(signIn: NewSignIn): Promise<{ id: string; expiresAt: Date }>;
  /** The sign-in of a token with its person and grants in one look-up; null when unknown, expired, or the person is disabled. */
  findSignIn(token: string): Promise<LiveSignIn | null>;
  /** Notes that it was used; moves the expiry when one is given. */
  touchSignIn(token: string, change?: { expiresAt?: Date }): Promise<void>;
  endSignIn(token: string): Promise<void>;
  endSignInsOf(userId: string): Promise<number>;
  /** The live sign-ins of a person, newest use first. */
  listSignInsOf(userId: string): Promise<ListedSignIn[]>;
  /** Ends one sign-in of this person; false when there is none of that id. */
  endSignInById(userId: string, id: string): Promise<boolean>;
  /** Failed sign-ins counted under a key (an e-mail address, a network) since the last success. */
  failuresOf(key: string): Promise<{ failures: number; lastAt: Date } | null>;
  noteFailure(key: string): Promise<number>;
  clearFailures(key: string): Promise<void>;
  /** Removes expired sign-ins, and failures older than `failuresBefore`. */
  prune(failuresBefore: Date): Promise<{ signIns: number; failures: number }>;
}

export function hashSignInToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

const person = {
  id: true,
  practiceId: true,
  email: true,
  name: true,
  timeZone: true,
  disabledAt: true,
} as const;
const practice = { id: true, slug: true, name: true } as const;
const grant = { role: true, customerId: true } as const;

function canonicalEmail(email: string): string {
  return email.trim().toLowerCase();
}

export function createSignInStore(prisma: PrismaClient, now: () => number): SignInStore {
  return {
    findPractice: (slug) => prisma.practice.findUnique({ where: { slug }, select: practice }),

    async practiceOf(userId) {
      const found = await prisma.user.findUnique({
        where: { id: userId },
        select: { practice: { select: practice } },
      });
      return found?.practice ?? null;
    },

    createPractice: (data) => prisma.practice.create({ data, select: practice }),

    findByEmail: (email) =>
      prisma.user.findUnique({
        where: { email: canonicalEmail(email) },
        select: { ...person, passwordHash: true },
      }),

    findById: (userId) => prisma.user.findUnique({ where: { id: userId }, select: person }),

    async listPeople(practiceId) {
      const found = await prisma.user.findMany({
        where: { practiceId },
        select: { ...person, memberships: { select: grant } },
        orderBy: { email: "asc" },
      });
      return found.map(({ memberships, ...rest }) => ({ ...rest, grants: memberships }));
    },

    createPerson: ({ email, ...rest }) =>
      prisma.user.create({ data: { ...rest, email: canonicalEmail(email) }, select: person }),

    async setPassword(userId, passwordHash) {
      await prisma.user.update({ where: { id: userId }, data: { passwordHash } });
    },

    async disablePerson(userId) {
      await prisma.$transaction([
        prisma.user.update({ where: { id: userId }, data: { disabledAt: new Date(now()) } }),
        prisma.signIn.deleteMany({ where: { userId } }),
      ]);
    },

    async grant(data) {
      await prisma.membership.createMany({ data: [data], skipDuplicates: true });
    },

    grantsOf: (userId) =>
      prisma.membership.findMany({ where: { userId }, select: grant, orderBy: { createdAt: "asc" } }),

    createSignIn: ({ token, ...data }) =>
      prisma.signIn.create({
        data: {
          ...data,
          userAgent: data.userAgent?.slice(0, 300) ?? null,
          tokenHash: hashSignInToken(token),
          createdAt: new Date(now()),
          lastSeenAt: new Date(now()),
        },
        select: { id: true, expiresAt: true },
      }),

    async findSignIn(token) {
      const found = await prisma.signIn.findUnique({
        where: { tokenHash: hashSignInToken(token) },
        select: {
          id: true,
          expiresAt: true,
          lastSeenAt: true,
          user: { select: { ...person, memberships: { select: grant } } },
        },
      });
      if (!found || found.expiresAt.getTime() <= now() || found.user.disabledAt !== null) return null;
      const { memberships, ...rest } = found.user;
      return {
        id: found.id,
        expiresAt: found.expiresAt,
        lastSeenAt: found.lastSeenAt,
        person: rest,
        grants: memberships,
      };
    },

    async touchSignIn(token, change) {
      await prisma.signIn.updateMany({
        where: { tokenHash: hashSignInToken(token) },
        data: { lastSeenAt: new Date(now()), ...(change?.expiresAt ? { expiresAt: change.expiresAt } : {}) },
      });
    },

    async endSignIn(token) {
      await prisma.signIn.deleteMany({ where: { tokenHash: hashSignInToken(token) } });
    },

    async endSignInsOf(userId) {
      return (await prisma.signIn.deleteMany({ where: { userId } })).count;
    },

    listSignInsOf: (userId) =>
      prisma.signIn.findMany({
        where: { userId, expiresAt: { gt: new Date(now()) } },
        select: {
          id: true,
          createdAt: true,
          lastSeenAt: true,
          expiresAt: true,
          sourceIp: true,
          userAgent: true,
        },
        orderBy: { lastSeenAt: "desc" },
        take: 100,
      }),

    async endSignInById(userId, id) {
      return (await prisma.signIn.deleteMany({ where: { userId, id } })).count > 0;
    },

    failuresOf: (key) =>
      prisma.signInFailure.findUnique({ where: { key }, select: { failures: true, lastAt: true } }),

    async noteFailure(key) {
      const lastAt = new Date(now());
      const noted = await prisma.signInFailure.upsert({
        where: { key },
        create: { key, failures: 1, lastAt },
        update: { failures: { increment: 1 }, lastAt },
        select: { failures: true },
      });
      return noted.failures;
    },

    async clearFailures(key) {
      await prisma.signInFailure.deleteMany({ where: { key } });
    },

    async prune(failuresBefore) {
      const signIns = await prisma.signIn.deleteMany({ where: { expiresAt: { lte: new Date(now()) } } });
      const failures = await prisma.signInFailure.deleteMany({ where: { lastAt: { lt: failuresBefore } } });
      return { signIns: signIns.count, failures: failures.count };
    },
  };
}
