#!/usr/bin/env node
/** `npm run report`: a page about a real execution, from its histories. */
import { reportCommand } from '../lib/rehearsal/report/report-command';

const print = {
  out: (text: string) => process.stdout.write(text),
  error: (text: string) => process.stderr.write(text),
};
reportCommand(process.argv.slice(2), print).then((code) => {
  process.exitCode = code;
});
