import { type Login, type LoginPort, LoginUnanswered, realmOf } from "../login-port.ts";

/** A login that is handed out whenever somebody asks, however often it was refused. */
export function openLogin(user: string, password: string): LoginPort {
  const login: Login = { user, password, realm: realmOf(user), kdcs: [], allowNtlm: false };
  return {
    withheld: async () => null,
    attempt: (logIn, signal) =>
      logIn(login, signal).catch((error: unknown) => {
        throw error instanceof LoginUnanswered ? error.because : error;
      }),
    untilUsable: async () => undefined,
  };
}
