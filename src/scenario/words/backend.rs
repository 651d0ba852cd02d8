//! The tables of applications behind CSEs.

use crate::scenario::table::{choice, table};
use crate::scenario::words::Text;

table! {
    /// An application behind an infrastructure CSE that uses what the devices of a fleet report: exactly one
    /// of the kinds below.
    struct BackendTable {
        /// The CSE.
        @required cse: Text,
        /// The fleet, which has that CSE as its registrar.
        @required fleet: Text,
        /// It asks an SQL database (SQLite).
        sql: SqlTable,
        /// It asks an XML document in XPath 1.0.
        xpath: CodedTable,
        /// It searches a directory with an LDAP filter (RFC 4515).
        ldap: CodedTable,
        /// It names the device in a header field of HTTP answers (RFC 9110 section 5).
        header: CodedTable,
        /// It runs a command.
        shell: CodedTable,
        /// It shows the contents on an operator's page.
        page: PageTable,
        /// It reads contents with a parser whose memory is not checked.
        native: NativeTable,
        /// It looks up readings in the storage of several tenants.
        tenants: TenantsTable,
    }
}

table! {
    /// An application that asks an SQL database.
    struct SqlTable {
        /// What it does with a content. Default: "name".
        query: QueryWord,
        /// How the content becomes part of the statement. Default: "bound".
        coding: CodingWord,
    }
}

table! {
    /// An application that puts a content into an expression, a command or a header field.
    struct CodedTable {
        /// How. Default: "bound".
        coding: CodingWord,
    }
}

table! {
    /// An application that shows contents on a page.
    struct PageTable {
        /// Where on the page. Default: "content".
        slot: SlotWord,
        /// How contents are put there. Default: "contextual".
        escaping: EscapingWord,
        /// What is looked at before. Default: "none".
        validation: PageCheckWord,
    }
}

table! {
    /// An application with a parser that believes lengths.
    struct NativeTable {
        /// What stands before the parser. Default: "validating".
        check: NativeCheckWord,
    }
}

table! {
    /// An application with the storage of several tenants.
    struct TenantsTable {
        /// The handles that its handlers hold. Default: "per_role".
        handles: HandlesWord,
        /// What is looked at before a handler begins. Default: "typed".
        validation: TypesWord,
    }
}

choice! {
    /// What an SQL application does with a content.
    enum QueryWord {
        /// Looks an item up by its name, between quotation marks.
        Name = "name",
        /// Looks an item up by its number, without quotation marks.
        Number = "number",
        /// Stores it.
        Store = "store",
        /// Stores it bound, and uses it in a report later: second order.
        Report = "report",
    }
}

choice! {
    /// How a content becomes part of what is interpreted.
    enum CodingWord {
        /// Pasted into the text.
        Concatenated = "concatenated",
        /// Pasted with its quotation marks escaped.
        Escaped = "escaped",
        /// Beside the text: a parameter, a variable, an argument.
        Bound = "bound",
    }
}

choice! {
    /// Where on a page a content stands.
    enum SlotWord {
        /// As the name of a device: in an element and in an attribute.
        Name = "name",
        /// As a content: in an element.
        Content = "content",
        /// As the address of a link.
        Link = "link",
        /// As the term that was searched for.
        Search = "search",
        /// In the fragment of a link, which a script of the page behind it writes there.
        Fragment = "fragment",
    }
}

choice! {
    /// How contents are put into a page.
    enum EscapingWord {
        /// As they are.
        None = "none",
        /// Without the script tag in lower case.
        OneTag = "one_tag",
        /// With the signs of markup escaped.
        Markup = "markup",
        /// The same, in links only addresses of pages, and by scripts as text.
        Contextual = "contextual",
    }
}

choice! {
    /// What is looked at before a content is shown.
    enum PageCheckWord {
        /// Nothing.
        None = "none",
        /// Decoded to the end, then length, characters and grammar of its place.
        Whitelist = "whitelist",
    }
}

choice! {
    /// What stands before a parser.
    enum NativeCheckWord {
        /// Nothing.
        None = "none",
        /// A parser that validates all of the message first.
        Validating = "validating",
    }
}

choice! {
    /// The handles of handlers on storage.
    enum HandlesWord {
        /// One that may do everything, for all tenants.
        AllPowerful = "all_powerful",
        /// One for each role, on the rows of one tenant.
        PerRole = "per_role",
    }
}

choice! {
    /// What is looked at before a handler begins.
    enum TypesWord {
        /// Nothing.
        None = "none",
        /// Types, lengths and ranges.
        Typed = "typed",
    }
}
