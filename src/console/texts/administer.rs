//! Texts of what administrators alone see.

texts! {
    // Configuration
    CONFIGURATION_PART = "Configuration";
    CONFIGURATION_HINT = "A folder is read once, checked whole and applied whole, or not at all.";
    RUNS = "What runs";
    REGION = "Region";
    FOLDER = "Folder";
    CONFIGURATION_NUMBER = "Number in the history";
    OPERATORS_DEMANDED = "Operators to widen";
    SETTINGS = "Settings of this hub, read at its start";
    SETTING = "Setting";
    COMES_FROM = "Comes from";
    FILES = "Files";
    FILE = "File";
    DIGEST = "Digest";
    PLANNED = "What the folder would change";
    NOTHING_TO_CHANGE = "Nothing: the folder is what runs.";
    APPLY_ALL_THE_SAME = "Applying it all the same reads the hub's own leaves anew and lets go on what the hub held after refusals.";
    FILES_ALONE = "Other files, and no difference in what they decide.";
    EFFECT = "Effect";
    MEANING = "In words";
    MEMBER = "member";
    AT_LEAST = "at least";
    TAKES_SECOND = "It lets somebody see or do more, or touches a format table or code list: applying proposes it, and another operator must confirm it.";
    APPLY = "Apply it";
    PROPOSE = "Propose it";
    CONFIRM = "Confirm and apply it";
    LIST_DEMANDED = "Applying it is refused:";
    PROPOSED_BY = "Proposed by";
    PROPOSAL_OWN = "You proposed it. Another operator must confirm it.";
    PROPOSAL_GONE = "The folder is another configuration by now. It cannot be confirmed until the folder is what was proposed, or it is proposed anew.";
    FOLDER_WRONG = "The folder is refused";
    FOLDER_WRONG_HINT = "What runs stays as it is until every problem is mended. Mend the files, then load this page anew.";
    PROBLEM = "What is wrong";
    LINE = "Line";
    COLUMN = "Column";
    KEY = "Key";
    MEND = "What would be right";
    REFUSED = "Refused: nothing was changed";
    HISTORY = "What was applied";
    HISTORY_HINT = "newest first, each with the files that are others than before";
    HOW = "How";
    CHANGED = "Changed";
    FIRST_ONE = "the first";
    NO_FILE_CHANGED = "no file";
    AND_MORE = "and more:";
    CONFIRMED_BY = "confirmed by";
    RUNS_NOW = "runs now";
    ROLLBACK = "Go back to it";
    ROLLBACK_LONG = "Go back to this configuration";
    ROLLBACK_HINT = "Its files are put back into the folder and applied at once. What they replace is moved aside in the folder, nothing is deleted. Where the region demands two operators, what would let somebody see or do more, or has other format tables or code lists, is refused here.";
    FILES_NOT_KEPT = "Its files were not kept: nobody can go back to it.";
    EVERY_FILE = "Every file, with its digest";
    // Accounts
    ACCOUNTS = "Accounts";
    ACCOUNTS_HINT = "Any change of an account ends its sessions. Accounts and passwords are made on the hub's machine:";
    ROLE = "Role";
    SIGN_IN_ALLOWED = "May sign in";
    YES = "yes";
    DISABLED = "disabled";
    CHANGED_AT = "Changed last";
    GIVE_ROLE = "Give this role";
    DISABLE = "Disable it";
    ENABLE = "Enable it";
    OWN_ACCOUNT = "Your own: another administrator changes it.";
}
