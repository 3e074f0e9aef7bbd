import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { complaints, start, stop } from './harness.mjs';

before(start);
after(stop);

// a list of parts: each registers its tests
for (const part of ['see', 'table', 'keyboard', 'verbs', 'personal', 'pages', 'access', 'tiles', 'axe']) (await import(`./${part}.mjs`)).default();

test('no page complained of anything', () => assert.deepEqual(complaints, []));
