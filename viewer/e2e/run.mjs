// Runs every test of this folder in one process: one server, one browser. Arguments are those of node's
// runner: --test-name-pattern=axe.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { here } from './harness.mjs';

const { status } = spawnSync(process.execPath, ['--test-reporter=tap', ...process.argv.slice(2), path.join(here, 'all.mjs')], { stdio: 'inherit' });
process.exit(status ?? 1);
