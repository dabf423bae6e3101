/** Removes what `begin` made. */
module.exports = require('./begin').remove;
