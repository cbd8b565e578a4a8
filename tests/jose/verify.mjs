// What somebody else makes of a token that Perch signed, for
// crates/perchctl/tests/perchctl/jose.rs: the npm package jose. Reads a token a
// line, and prints a line for each: its header and claims, or the code of jose's
// refusal. The key is in PERCH_JOSE_KEY.
//   node verify.mjs
import { createInterface } from 'node:readline';
import { jwtVerify } from 'jose';

const key = new TextEncoder().encode(process.env.PERCH_JOSE_KEY);
const options = { algorithms: ['HS256'], requiredClaims: ['iat', 'nbf', 'exp', 'name'] };

for await (const token of createInterface({ input: process.stdin })) {
  const verdict = await jwtVerify(token, key, options).then(
    ({ protectedHeader, payload }) => ({ header: protectedHeader, claims: payload }),
    (error) => ({ refused: error.code }),
  );
  console.log(JSON.stringify(verdict));
}
