// Read mail by Jakarta Mail; its argument is the port.

import com.sun.mail.imap.IMAPFolder;
import com.sun.mail.imap.SortTerm;
import jakarta.mail.FetchProfile;
import jakarta.mail.Flags;
import jakarta.mail.Folder;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Store;
import jakarta.mail.event.MessageCountAdapter;
import jakarta.mail.event.MessageCountEvent;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.search.SubjectTerm;
import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

public class ReadMail {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("mail.imap.timeout", "60000");
        Session session = Session.getInstance(properties);
        Store store = session.getStore("imap");
        store.connect("127.0.0.1", Integer.parseInt(arguments[0]), "bob", "secret");
        Folder archive = store.getFolder("Archive");
        archive.create(Folder.HOLDS_MESSAGES);
        print("folders", names(store.getDefaultFolder().list("*")));
        IMAPFolder inbox = (IMAPFolder) store.getFolder("INBOX");
        inbox.open(Folder.READ_WRITE);
        print("exists", inbox.getMessageCount());
        Message[] found = inbox.search(new SubjectTerm("two"));
        FetchProfile profile = new FetchProfile();
        profile.add(FetchProfile.Item.ENVELOPE);
        profile.add(FetchProfile.Item.FLAGS);
        inbox.fetch(found, profile);
        print("found", numbers(found));
        print("subject", found[0].getSubject());
        print("text", found[0].getContent().toString().trim().substring(0, 4));
        SortTerm[] order = {SortTerm.REVERSE, SortTerm.SUBJECT};
        print("sorted", numbers(inbox.getSortedMessages(order)));
        found[0].setFlag(Flags.Flag.FLAGGED, true);
        print("flagged", found[0].isSet(Flags.Flag.FLAGGED));
        BlockingQueue<Integer> told = new LinkedBlockingQueue<>();
        inbox.addMessageCountListener(new MessageCountAdapter() {
            public void messagesAdded(MessageCountEvent event) {
                told.add(event.getMessages()[0].getMessageNumber());
            }
        });
        // Another connection of the store adds it while this one idles.
        Thread adding = new Thread(() -> add(store, session));
        adding.start();
        while (inbox.getMessageCount() < 3) {
            inbox.idle(true);
        }
        adding.join();
        print("told", told.take());
        inbox.moveMessages(new Message[] {inbox.getMessage(1)}, archive);
        print("moved", archive.getMessageCount());
        inbox.setFlags(2, 2, new Flags(Flags.Flag.DELETED), true);
        inbox.expunge();
        print("left", numbers(inbox.getMessages()));
        inbox.close(false);
        store.close();
    }

    static void add(Store store, Session session) {
        byte[] text = "From: ann@example.com\r\nSubject: added\r\n\r\nHello.\r\n".getBytes();
        try {
            Message added = new MimeMessage(session, new ByteArrayInputStream(text));
            store.getFolder("INBOX").appendMessages(new Message[] {added});
        } catch (Exception error) {
            throw new RuntimeException(error);
        }
    }

    static String names(Folder[] folders) {
        return Arrays.toString(Arrays.stream(folders).map(Folder::getFullName).toArray());
    }

    static String numbers(Message[] messages) {
        return Arrays.toString(Arrays.stream(messages).mapToInt(Message::getMessageNumber).toArray());
    }

    static void print(String name, Object fact) {
        System.out.println(name + " " + fact);
    }
}
