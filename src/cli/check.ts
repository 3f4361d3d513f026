/** `earshot check`: reads what a start would read and says every problem with file, line and column. */

import { loadDocument, loadNodeConfig } from '../config/load.ts';

/** Throws ConfigError with every problem; prints a line when there is none. */
export function checkConfig(file: string | undefined): void {
  const { origin, config } = loadNodeConfig({ file, cwd: process.cwd() });
  process.stdout.write(`${origin}: ok\n`);
  if (config.seed === undefined) return;
  const document = loadDocument(config.seed, config);
  process.stdout.write(
    `${config.seed}: ok (${document.tenants.length} tenants, ${document.processors.length} processors)\n`,
  );
}
