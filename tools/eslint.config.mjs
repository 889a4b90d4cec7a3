// The rules for the addon's JavaScript. It is copied next to the installed packages before it is used.
import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: ["static/lib/**"] },
    js.configs.recommended,
    {
        files: ["static/**/*.js"],
        languageOptions: {
            sourceType: "module",
            globals: { ...globals.browser, luxon: "readonly", odoo: "readonly", pdfjsLib: "readonly" },
        },
        rules: {
            curly: ["error", "all"],
            eqeqeq: ["error", "always", { null: "ignore" }],
            "no-console": ["error", { allow: ["warn", "error"] }],
            "no-restricted-globals": ["error", "event", "self"],
            "no-unused-vars": ["error", { args: "none" }],
            "prefer-const": ["error", { destructuring: "all" }],
        },
    },
];
