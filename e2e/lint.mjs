// Holds the OpenAPI document on standard input against a public linter at its
// strictest: node lint.mjs < openapi.json
import { text } from 'node:stream/consumers';
import core from '@redocly/openapi-core';

const problems = await core.lintFromString({
  source: await text(process.stdin), absoluteRef: '/openapi.json', config: await core.createConfig({ extends: ['recommended-strict'] }),
});
for (const p of problems) console.log(`${p.severity} ${p.ruleId} at ${p.location.map((l) => l.pointer).join(', ')}: ${p.message}`);
process.exitCode = problems.length > 0 ? 1 : 0;
