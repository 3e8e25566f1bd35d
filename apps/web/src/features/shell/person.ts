/** What the shell knows of the person and of where they may go. */
export interface ShellPerson {
  readonly name: string;
  readonly email: string;
  readonly timeZone: string;
  readonly practiceName: string;
}

export interface ShellCustomer {
  readonly slug: string;
  readonly name: string;
  readonly hue: number;
  readonly timeZone: string;
}
