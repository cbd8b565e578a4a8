// An OpenID provider that none of us wrote, for crates/clerk/tests/oidc: the npm
// package oidc-provider, with Perch as a public native client. Listens on
// 127.0.0.1, prints its issuer as its first line, and ends with its standard
// input, so that it never outlives the test that started it.
//   node provider.mjs [--swap-access-tokens]
// With the flag, the access token of each answer is replaced on its way by
// another one that is just as good: what at_hash is there to find out.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const people = {
  ada: { name: 'Ada Lovelace', email: 'ada@acme.example' },
  grace: { name: 'Grace Hopper', email: 'grace@acme.example' },
};
const organization = {
  org_id: 'org_acme',
  org_name: 'Acme',
  org_slug: 'acme',
  org_role: 'org:admin',
};

const key = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  alg,
  use: 'sig',
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'perch',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    // Of two kinds, as key sets are: Perch takes the one that fits.
    jwks: {
      keys: [
        key('ec', { namedCurve: 'P-256' }, 'ES256'),
        key('rsa', { modulusLength: 2048 }, 'RS256'),
      ],
    },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: {
      openid: ['sub'],
      profile: ['name'],
      email: ['email'],
      'user:org:read': Object.keys(organization),
    },
    // Clerk's ID token names the organization too.
    conformIdTokenClaims: false,
    findAccount: (_, id) =>
      people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id], ...organization }) },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
    },
  });
  // By itself the package writes at_hash only at its authorization endpoint. The
  // hash is its own.
  const { AccessToken, IdToken } = provider;
  const { issue } = IdToken.prototype;
  IdToken.prototype.issue = function (options) {
    this.set('at_hash', this.ctx.oidc.entities.AccessToken.jti);
    return issue.call(this, options);
  };
  if (process.argv.includes('--swap-access-tokens')) {
    provider.use(async (ctx, next) => {
      await next();
      if (ctx.path !== '/token') return;
      const { accountId, clientId, grantId, scope, claims, gty, client } =
        ctx.oidc.entities.AccessToken;
      const another = new AccessToken({ accountId, clientId, grantId, scope, claims, gty, client });
      ctx.body.access_token = await another.save(3600);
    });
  }
  server.on('request', provider.callback());
  console.log(issuer);
});

process.stdin.on('end', () => process.exit());
process.stdin.resume();
