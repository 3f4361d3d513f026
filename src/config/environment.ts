/** The one place that reads the process environment. */

/** A variable's value; undefined when unset or empty. */
export function environmentVariable(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : value;
}

/** A copy for a child process, without the variables in `withheld`. */
export function childEnvironment(
  extra: Readonly<Record<string, string>>,
  withheld: readonly string[] = [],
): NodeJS.ProcessEnv {
  const known = Object.entries(process.env).filter(([name]) => !withheld.includes(name));
  return { ...Object.fromEntries(known), ...extra };
}
