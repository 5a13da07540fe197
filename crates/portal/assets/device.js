/* made by web/build.mjs */
