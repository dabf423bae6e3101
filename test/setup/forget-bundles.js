/** Removes what `keep-bundles` kept. */
module.exports = require('./keep-bundles').remove;
