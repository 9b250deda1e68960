// node development/run.mjs FILE [ARGUMENTS]: sets the checkout up if need be, then runs FILE on the project's own Node.
import { become, root, setUp } from "./set-up.mjs";

const node = setUp();
process.chdir(root);
become(node, process.argv.slice(2));
