import { throughRows } from './through';

describe('the rows from 17 to 17', () => throughRows([17, 17]));
