import { AssessedSource } from './assessed-source';
import { PRIVILEGE_CASES } from './cases/privilege-cases';
import { firesUntilCured } from './remedy-case';

let source: AssessedSource;
beforeAll(async () => {
  source = await AssessedSource.start(17);
});
afterAll(() => source?.close());

describe('assess fires, and is silent after the remedy:', () => {
  firesUntilCured(() => source, PRIVILEGE_CASES);
});
