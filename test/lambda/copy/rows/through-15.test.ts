import { throughRows } from './through';

describe('the rows from 15 to 17', () => throughRows([15, 17]));
