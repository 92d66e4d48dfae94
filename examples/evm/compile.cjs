// Compiles Verifier.sol with the solc found by require() and prints verifier.json. Run by ./rebuild.
const fs = require('node:fs');
const path = require('node:path');
const crypto = require('node:crypto');
const { createRequire } = require('node:module');

const solc = createRequire(path.join(process.cwd(), 'x.js'))('solc');
const source = fs.readFileSync(path.join(__dirname, 'Verifier.sol'));
const settings = {
  optimizer: { enabled: true, runs: 1000 },
  evmVersion: 'cancun',
  viaIR: true,
  metadata: { bytecodeHash: 'none' },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
};
const out = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity', sources: { 'Verifier.sol': { content: source.toString() } }, settings,
})));
if (out.errors) {
  for (const e of out.errors) console.error(e.formattedMessage);
  process.exit(2); // ./rebuild tells it from a node that cannot run this
}
const { abi, evm } = out.contracts['Verifier.sol'].Verifier;
console.log(JSON.stringify({
  solc: solc.version(),
  source: 'Verifier.sol',
  sourceSHA256: crypto.createHash('sha256').update(source).digest('hex'),
  command: 'examples/evm/rebuild -write',
  settings, abi, bytecode: evm.bytecode.object,
}, null, 1));
