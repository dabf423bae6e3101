import { AssessedSource } from './assessed-source';
import { SETTING_CASES } from './cases/setting-cases';
import { firesUntilCured } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

describe('assess fires, and is silent after the remedy:', () => {
  firesUntilCured(() => source, SETTING_CASES);
});
