// SMART Backend Services with a third-party OAuth client (npm openid-client) against a running
// demo: DEMO names its demo.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import * as oauth from 'openid-client';

const demo = JSON.parse(readFileSync(process.env.DEMO, 'utf8'));
const hospital = demo.organisations[0];
const admin = hospital.users.find((user) => user.role === 'admin');

const kinds = {
  RS384: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
};

// Keys by value, and at an address of the system's own.
const cases = Object.keys(kinds).flatMap((alg) => [[alg, false], [alg, true]]);
for (const [alg, byAddress] of cases) {
  const how = byAddress ? 'jwks_uri' : 'jwks';
  test(`a system signs in by ${alg} and ${how} and reads what it is registered for`, async (t) => {
    const kind = kinds[alg];
    const pair = await crypto.subtle.generateKey(kind, true, ['sign', 'verify']);
    const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey);
    const jwks = { keys: [{ ...jwk, kid: alg, alg, ext: undefined, key_ops: undefined }] };
    let keys = { jwks };
    if (byAddress) {
      const server = createServer((_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(jwks));
      });
      await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
      t.after(() => server.close());
      keys = { jwks_uri: `http://127.0.0.1:${server.address().port}/jwks` };
    }
    const registered = await fetch(`${hospital.base}/auth/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: `Backend ${alg}`, grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt', scope: 'system/Patient.rs',
        ...keys,
      }),
    });
    assert.equal(registered.status, 201, await registered.clone().text());
    const { client_id: id } = await registered.json();
    const endpoint = `${hospital.base}/auth/token`;
    const shown = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: alg }, {
      // SMART App Launch 2.2: the audience is the token endpoint, not the issuer.
      [oauth.modifyAssertion]: (_, claims) => { claims.aud = endpoint; },
    });
    const config = await oauth.discovery(new URL(hospital.base), id, undefined, shown, {
      execute: [oauth.allowInsecureRequests],
    });
    const granted = await oauth.clientCredentialsGrant(config, { scope: 'system/*.rs' });
    assert.equal(granted.scope, 'system/Patient.rs');
    const read = async (path) => {
      const answer = await fetch(`${hospital.fhir}/${path}`, {
        headers: { authorization: `Bearer ${granted.access_token}` },
      });
      return answer.status;
    };
    assert.equal(await read('Patient'), 200);
    assert.equal(await read('Observation'), 403);
  });
}
