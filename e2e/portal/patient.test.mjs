// What a patient sees and does, on every page, in every way.
import { after, test } from 'node:test';
import { WAYS, close, hospital, look, patientOf, signedIn, weigh } from './walk.mjs';

after(close);

const PAGES = [
  ['patient-home', '/portal'],
  ['patient-record', '/portal/record'],
  ['patient-accesses', '/portal/accesses'],
  ['patient-permissions', '/portal/permissions'],
  ['patient-permission-new', '/portal/permissions/new'],
  ['patient-permission-faults', '/portal/permissions/check?who='],
  ['patient-permission-check',
    '/portal/permissions/check?who=north-clinic&purpose=TREAT&without=ETH&without=MH&long=year'],
  ['patient-more', '/portal/more'],
  ['patient-absent', '/portal/nothing/here'],
];

for (const way of WAYS) {
  test(`a patient's pages, ${way.language}, ${way.width}, ${way.scheme}`, async () => {
    const page = await signedIn(hospital, patientOf(hospital), way);
    for (const [name, path] of PAGES) {
      const absent = name.endsWith('absent');
      await page.goto(path);
      if (absent) page.told = page.told.filter((line) => !line.includes('404'));
      await look(page, name, way);
      await weigh(page, path, name);
    }
    await page.context().close();
  });
}
